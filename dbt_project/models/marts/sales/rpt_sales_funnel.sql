{{ config(
    unique_key=['created_month', 'stage_name'],
    meta={'obsolete_column': '_obsolete'},
) }}

with

stages as (

    select * from {{ ref('opportunity_stages') }}
    where outcome in ('Open', 'Won')

),

opportunities as (

    select
        opportunity_id,
        stage_name,
        outcome,
        amount,
        cast(date_trunc('month', {{ org_date('created_at') }}) as date) as created_month
    from {{ opportunities_in_one_currency() }}
    where not is_deleted and created_at is not null

),

stages_seen as (

    select
        opportunity_id,
        to_stage_name as stage_name
    from {{ ref('fct_opportunity_stage_changes') }}
    union all
    select
        opportunity_id,
        stage_name
    from opportunities

),

furthest_open_stages as (

    select
        stages_seen.opportunity_id,
        max(stages.stage_order) as stage_order
    from stages_seen
    inner join stages on stages_seen.stage_name = stages.stage_name
    where stages.outcome = 'Open'
    group by stages_seen.opportunity_id

),

won_stages as (

    select
        stage_name,
        stage_order
    from stages
    where outcome = 'Won'

),

first_won_stage as (

    select min(stage_order) as stage_order from won_stages

),

-- Beside the stages a place for those that have been in none of them that is open.
places as (

    select
        stage_name,
        phase,
        stage_order
    from stages
    union all
    select
        'No open stage of the seed' as stage_name,
        'Other' as phase,
        cast(null as bigint) as stage_order

),

cohorts as (

    select
        opportunities.*,
        -- Who is won has passed every stage up to its own, which is the first that is won where
        -- the record's flags alone say so; who was won once and is open again has not.
        case
            when opportunities.outcome = 'Won'
                then coalesce(won_stages.stage_order, first_won_stage.stage_order)
            else furthest_open_stages.stage_order
        end as furthest_order,
        count(*) over (partition by opportunities.created_month) as created_opportunities
    from opportunities
    cross join first_won_stage
    left join won_stages on opportunities.stage_name = won_stages.stage_name
    left join furthest_open_stages
        on opportunities.opportunity_id = furthest_open_stages.opportunity_id

),

reached as (

    select
        places.*,
        cohorts.created_month,
        cohorts.created_opportunities,
        cohorts.outcome,
        cohorts.amount,
        cohorts.furthest_order <=> places.stage_order as is_furthest,
        coalesce(
            cohorts.furthest_order >= places.stage_order,
            cohorts.furthest_order <=> places.stage_order
        ) as is_reached
    from cohorts
    cross join places

),

funnel as (

    select
        -- dates
        created_month,

        -- strings
        stage_name,
        phase,

        -- numerics
        stage_order,
        max(created_opportunities) as created_opportunities,
        count_if(is_reached) as reached_opportunities,
        cast(
            coalesce(sum(case when is_reached then amount end), 0) as decimal(28, 2)
        ) as reached_amount,
        count_if(is_furthest and outcome = 'Open') as open_opportunities,
        count_if(is_furthest and outcome = 'Lost') as lost_opportunities
    from reached
    group by created_month, stage_name, phase, stage_order

)

{{ changed_rows('funnel', keys=['created_month', 'stage_name']) }}
