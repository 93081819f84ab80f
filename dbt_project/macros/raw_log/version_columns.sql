{#- The last columns of every staging model: when the version came to be, in Salesforce
    and in raw. `system_modified_at` orders the versions of a record, `_batch` breaks ties. -#}
{% macro version_columns(raw) -%}
    -- version
        _is_deleted as is_deleted,
        {{ field(raw, 'createddate', 'timestamp') }} as created_at,
        {{ field(raw, 'lastmodifieddate', 'timestamp') }} as last_modified_at,
        {{ field(raw, 'systemmodstamp', 'timestamp') }} as system_modified_at,
        _deleted_at as deleted_at,
        _extracted_at,
        _batch
{%- endmacro %}
