{{ config(
    unique_key=['owner_id', 'close_month'],
    meta={'obsolete_column': '_obsolete'},
) }}

with

opportunities as (

    select
        *,
        cast(date_trunc('month', close_date) as date) as close_month
    from {{ opportunities_in_one_currency() }}
    where not is_deleted and close_date is not null

),

by_owner as (

    select
        coalesce(owner_id, 'none') as owner_id,
        close_month,
        count_if(outcome = 'Won') as won_opportunities,
        count_if(outcome = 'Lost') as lost_opportunities,
        count_if(outcome = 'Open') as open_opportunities,
        sum(case when outcome = 'Won' then amount end) as won_amount,
        sum(case when outcome = 'Lost' then amount end) as lost_amount,
        sum(case when outcome = 'Open' then amount end) as open_amount,
        sum(case when outcome = 'Open' then weighted_amount end) as open_weighted_amount,
        sum(case when outcome = 'Won' then days_to_close end) as won_days_to_close
    from opportunities
    group by 1, 2

),

users as (

    select * from {{ ref('dim_user') }}
    where is_current

),

performance as (

    select
        -- ids
        by_owner.owner_id,
        users.manager_id,

        -- strings
        users.user_name as owner_name,

        -- numerics
        by_owner.won_opportunities,
        by_owner.lost_opportunities,
        by_owner.open_opportunities,
        cast(coalesce(by_owner.won_amount, 0) as decimal(28, 2)) as won_amount,
        cast(coalesce(by_owner.lost_amount, 0) as decimal(28, 2)) as lost_amount,
        cast(coalesce(by_owner.open_amount, 0) as decimal(28, 2)) as open_amount,
        cast(coalesce(by_owner.open_weighted_amount, 0) as decimal(28, 2)) as open_weighted_amount,
        coalesce(by_owner.won_days_to_close, 0) as won_days_to_close,

        -- booleans
        users.user_id is not null as is_known_user,

        -- dates
        by_owner.close_month
    from by_owner
    -- An owner may be missing from User: the integration user may not see all of them.
    left join users on by_owner.owner_id = users.user_id

)

{{ changed_rows('performance', keys=['owner_id', 'close_month']) }}
