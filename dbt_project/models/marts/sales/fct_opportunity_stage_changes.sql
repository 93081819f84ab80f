{{ config(
    unique_key=['opportunity_id', 'opportunity_history_id'],
    meta={'obsolete_column': '_obsolete'},
) }}

with

{{ touched('opportunity_id', ref('stg_salesforce__opportunity_histories')) }},

histories as (

    select
        opportunity_history_id,
        opportunity_id,
        created_by_id,
        stage_name,
        amount,
        probability_percent,
        close_date,
        is_deleted,
        created_at,
        _batch
    from {{ ref('stg_salesforce__opportunity_histories') }}
    {{ of_touched('opportunity_id') }}

),

-- All entries of the opportunities at hand: an entry that comes late changes its neighbours.
entries as (

    select
        *,
        lag(stage_name) over (
            partition by opportunity_id order by created_at, opportunity_history_id
        ) as previous_stage_name,
        lag(opportunity_history_id) over (
            partition by opportunity_id order by created_at, opportunity_history_id
        ) is null as is_entry,
        max(_batch) over (partition by opportunity_id) as newest_batch
    from histories
    where not is_deleted

),

-- Salesforce writes an entry for a new amount or date too.
changes as (

    select
        *,
        lag(created_at) over (
            partition by opportunity_id order by created_at, opportunity_history_id
        ) as previous_changed_at,
        lead(created_at) over (
            partition by opportunity_id order by created_at, opportunity_history_id
        ) as next_changed_at
    from entries
    where is_entry or not stage_name <=> previous_stage_name

),

stages as (

    select * from {{ ref('opportunity_stages') }}

),

stage_changes as (

    select
        -- ids
        changes.opportunity_history_id,
        changes.opportunity_id,
        changes.created_by_id as changed_by_id,

        -- strings
        changes.previous_stage_name as from_stage_name,
        changes.stage_name as to_stage_name,
        to_stage.outcome as to_outcome,
        case
            when changes.is_entry then 'Entered'
            -- From one won stage to another nothing is won once more.
            when
                to_stage.outcome in ('Won', 'Lost')
                and not to_stage.outcome <=> from_stage.outcome
                then to_stage.outcome
            when from_stage.outcome in ('Won', 'Lost') and to_stage.outcome = 'Open'
                then 'Reopened'
            when to_stage.stage_order > from_stage.stage_order then 'Forward'
            when to_stage.stage_order < from_stage.stage_order then 'Backward'
            else 'Unknown'
        end as direction,

        -- numerics
        changes.amount,
        changes.probability_percent,
        {{ hours_between('changes.previous_changed_at', 'changes.created_at') }}
            as hours_in_previous_stage,

        -- booleans
        changes.next_changed_at is null as is_latest,

        -- dates
        changes.close_date,

        -- timestamps
        changes.created_at as changed_at,
        changes.next_changed_at,
        changes.newest_batch as _batch
    from changes
    left join stages as from_stage
        on changes.previous_stage_name = from_stage.stage_name
    left join stages as to_stage
        on changes.stage_name = to_stage.stage_name

)

{{ changed_rows(
    'stage_changes', keys=['opportunity_id', 'opportunity_history_id'],
    within=['touched', 'opportunity_id']
) }}
