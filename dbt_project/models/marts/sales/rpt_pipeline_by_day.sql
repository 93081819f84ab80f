{{ config(
    unique_key=['pipeline_date', 'stage_name'],
    meta={'obsolete_column': '_obsolete'},
) }}

with

-- Today is the moment up to which raw knows opportunities; before the first extraction nobody
-- knows the pipeline. Days that an earlier build knew stay: by hand the watermark is not known.
bounds as (

    select
        {{ org_date('min(_extracted_at)') }} as first_date,
        greatest(
            {{ org_date('max(_extracted_at)') }},
            {{ org_date(known_until('opportunity')) }}
            {%- if is_incremental() %},
            (select max(written.pipeline_date) from {{ this }} as written)
            {%- endif %}
        ) as last_date
    from {{ ref('base_salesforce__opportunities') }}

),

open_periods as (

    select
        coalesce(stage_name, 'Unknown') as stage_name,
        amount,
        weighted_amount,
        {{ org_date('valid_from') }} as first_date,
        -- The day on whose end it was no longer so.
        {{ org_date('valid_to') }} as end_date
    from {{ opportunity_periods_in_one_currency() }}
    where outcome = 'Open'

),

-- What each period adds on its first day, and takes away on the day it ends.
movements as (

    select
        first_date as movement_date,
        stage_name,
        1 as opportunities,
        amount,
        weighted_amount
    from open_periods
    union all
    select
        end_date as movement_date,
        stage_name,
        -1 as opportunities,
        -amount as amount,
        -weighted_amount as weighted_amount
    from open_periods
    where end_date is not null

),

days_moved as (

    select
        greatest(movements.movement_date, bounds.first_date) as pipeline_date,
        movements.stage_name,
        sum(movements.opportunities) as opportunities,
        sum(coalesce(movements.amount, 0)) as amount,
        sum(coalesce(movements.weighted_amount, 0)) as weighted_amount
    from movements
    cross join bounds
    group by greatest(movements.movement_date, bounds.first_date), movements.stage_name

),

-- Every day, also one on which nothing moved.
days as (

    select explode(sequence(first_date, last_date)) as pipeline_date from bounds

),

stage_names as (

    select distinct stage_name from days_moved

),

summed as (

    select
        days.pipeline_date,
        stage_names.stage_name,
        sum(coalesce(days_moved.opportunities, 0)) over (
            partition by stage_names.stage_name order by days.pipeline_date
        ) as opportunities,
        sum(coalesce(days_moved.amount, 0)) over (
            partition by stage_names.stage_name order by days.pipeline_date
        ) as amount,
        sum(coalesce(days_moved.weighted_amount, 0)) over (
            partition by stage_names.stage_name order by days.pipeline_date
        ) as weighted_amount
    from days
    cross join stage_names
    left join days_moved
        on
            days.pipeline_date = days_moved.pipeline_date
            and stage_names.stage_name = days_moved.stage_name

),

pipeline as (

    select
        -- dates
        summed.pipeline_date,

        -- strings
        summed.stage_name,
        coalesce(stages.phase, 'Other') as phase,

        -- numerics
        stages.stage_order,
        summed.opportunities as open_opportunities,
        cast(summed.amount as decimal(28, 2)) as open_amount,
        cast(summed.weighted_amount as decimal(28, 2)) as open_weighted_amount
    from summed
    left join {{ ref('opportunity_stages') }} as stages
        on summed.stage_name = stages.stage_name
    where summed.opportunities != 0

)

{{ changed_rows('pipeline', keys=['pipeline_date', 'stage_name']) }}
