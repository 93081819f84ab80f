{#- The history of records as periods (a slowly changing dimension of type 2), from all
    their versions: CTEs that end in `periods`.

    versions  CTE: all versions of the records at hand, with staging's version columns
    key       its id column
    tracked   the columns whose change begins a new period

    periods: key, the tracked columns, created_at, valid_from (inclusive), valid_to
    (exclusive, null while open), is_current, is_closed_by_deletion, and _batch, the
    newest batch that brought a version of the period. In an incremental build also
    _is_known: the model's own row has the same values already (see changed_periods).

    A period begins when the version's stamp says; where a version came without a new
    stamp (a formula or a permission changed) or with one from before the deletion that it
    ends (the record was shared again), when it was extracted, but before the next stamp.
    The first begins with the record. Of versions that begin at one moment the last counts.
    A deletion closes the period, at the best date known, and opens none; a record that is
    known only as deleted has one period, from its creation to its deletion.

    Columns on the way begin with _: versions may have a field called `state`. -#}
{% macro slowly_changing(versions, key, tracked) -%}
stamped as (

    select
        *,
        coalesce(system_modified_at, _extracted_at) as _stamp_at,
        -- Later than the stamp for a tombstone.
        coalesce(deleted_at, system_modified_at, _extracted_at) as _version_at
        {%- if is_incremental() %},
        min(
            case
                when _batch > {{ last_batch() }}
                    then coalesce(system_modified_at, _extracted_at)
            end
        ) over (partition by {{ key }}) as _news_at
        {%- endif %}
    from {{ versions }}

),

placed as (

    select
        *,
        lag(_version_at) over (
            partition by {{ key }} order by _stamp_at, _batch
        ) as _previous_at,
        -- The next greater stamp, however many versions share this one.
        min(_stamp_at) over (
            partition by {{ key }} order by unix_micros(_stamp_at)
            range between 1 following and unbounded following
        ) as _next_stamp_at
    from stamped

),

begun as (

    -- The running maximum keeps the order where clocks disagree.
    select
        *,
        max(
            case
                when _previous_at is null then coalesce(created_at, _version_at)
                when _version_at > _previous_at then _version_at
                else least(greatest(_extracted_at, _version_at), _next_stamp_at)
            end
        ) over (
            partition by {{ key }} order by _stamp_at, _batch
            rows between unbounded preceding and current row
        ) as _begins_at
        {%- if is_incremental() %},
        -- Nothing new stands before it, or between it and the next stamp if it begins by that one.
        bool_and(
            _stamp_at < _news_at
            and (
                _previous_at is null or _version_at > _previous_at or _next_stamp_at < _news_at
            )
        ) over (
            partition by {{ key }} order by _stamp_at, _batch
            rows between unbounded preceding and current row
        ) as _is_settled
        {%- endif %}
    from placed

),

ranked as (

    select
        *,
        max(_batch) over (partition by {{ key }}, _begins_at) as _moment_batch,
        row_number() over (
            partition by {{ key }}, _begins_at order by _stamp_at desc, _batch desc
        ) as _rank_in_moment,
        struct(
            is_deleted
            {%- for column in tracked %},
            case when not is_deleted then {{ column }} end as {{ column }}
            {%- endfor %}
        ) as _state
        {%- if is_incremental() %},
        max(case when _is_settled then _begins_at end) over (partition by {{ key }})
            as _settled_at
        {%- endif %}
    from begun

),

moments as (

    select
        *,
        not _state <=> lag(_state) over (partition by {{ key }} order by _begins_at) as _is_change
    from ranked
    where _rank_in_moment = 1

),

counted as (

    select
        *,
        -- A deletion opens no period: what it brought counts for the one that it closes.
        count_if(_is_change and not is_deleted) over (
            partition by {{ key }} order by _begins_at
            rows between unbounded preceding and current row
        ) as _period_number
    from moments

),

batched as (

    select
        *,
        max(_moment_batch) over (partition by {{ key }}, _period_number) as _period_batch
    from counted

),

bounded as (

    select
        *,
        lead(_begins_at) over (partition by {{ key }} order by _begins_at) as _ends_at,
        lead(is_deleted) over (partition by {{ key }} order by _begins_at) as _ends_deleted,
        lag(_begins_at) over (partition by {{ key }} order by _begins_at) is null as _is_first
    from batched
    where _is_change

),

periods as (

    select
        {{ key }},
        {%- for column in tracked %}
        {{ column }},
        {%- endfor %}
        created_at,
        _begins_at as valid_from,
        case when is_deleted then least(_version_at, _ends_at) else _ends_at end as valid_to,
        not is_deleted and _ends_at is null as is_current,
        is_deleted or coalesce(_ends_deleted, false) as is_closed_by_deletion,
        _period_batch as _batch
        {%- if is_incremental() %},
        -- All that began before the last one settled began there in the last build too.
        coalesce(_begins_at < _settled_at, false) as _is_known
        {%- endif %}
    from bounded
    where not is_deleted or (_is_first and _begins_at < _version_at)

)
{%- endmacro %}
