{#- The keys that ids may lead to. Few ids go to where these are read; of a table on the right of
    an anti join Spark would move all keys to the ids. -#}
{% macro known_keys(reference, ids, few) -%}
(
    select known.{{ reference["key"] }} as id
    from {{ reference["to"] }} as known
    {%- if few %}
    left semi join {{ ids }} as wanted on known.{{ reference["key"] }} = wanted.id
    {%- endif %}
)
{%- endmacro %}
