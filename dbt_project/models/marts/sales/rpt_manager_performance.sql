{{ config(
    unique_key=['manager_id', 'close_month'],
    meta={'obsolete_column': '_obsolete'},
) }}

with

by_manager as (

    select
        case
            when not is_known_user then 'unknown'
            else coalesce(manager_id, 'none')
        end as manager_id,
        close_month,
        count(*) as owners,
        sum(won_opportunities) as won_opportunities,
        sum(lost_opportunities) as lost_opportunities,
        sum(open_opportunities) as open_opportunities,
        cast(sum(won_amount) as decimal(28, 2)) as won_amount,
        cast(sum(lost_amount) as decimal(28, 2)) as lost_amount,
        cast(sum(open_amount) as decimal(28, 2)) as open_amount,
        cast(sum(open_weighted_amount) as decimal(28, 2)) as open_weighted_amount,
        sum(won_days_to_close) as won_days_to_close
    from {{ ref('rpt_owner_performance') }}
    group by 1, 2

),

users as (

    select * from {{ ref('dim_user') }}
    where is_current

),

performance as (

    select
        -- ids
        by_manager.manager_id,

        -- strings
        users.user_name as manager_name,

        -- numerics
        by_manager.owners,
        by_manager.won_opportunities,
        by_manager.lost_opportunities,
        by_manager.open_opportunities,
        by_manager.won_amount,
        by_manager.lost_amount,
        by_manager.open_amount,
        by_manager.open_weighted_amount,
        by_manager.won_days_to_close,

        -- dates
        by_manager.close_month
    from by_manager
    left join users on by_manager.manager_id = users.user_id

)

{{ changed_rows('performance', keys=['manager_id', 'close_month']) }}
