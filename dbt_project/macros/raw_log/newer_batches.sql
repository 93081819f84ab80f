{#- Leaves the rows that raw got since the last build; all of them in a full one.
    No lookback: a batch number is never used twice, whatever the stamps in it.

    A model that reads raw itself stops at the batch that the table had when the build
    began, in a full build too: runs go on landing batches, and all models of a build must
    see the same ones, with the columns that `columns_of` knows.

    own  see last_batch() -#}
{% macro newer_batches(own=none) -%}
    {%- set conditions = [] -%}
    {%- if is_incremental() -%}
        {%- do conditions.append('_batch > ' ~ last_batch(own)) -%}
    {%- endif -%}
    {%- set bound = raw_batch() -%}
    {%- if bound is not none -%}
        {%- do conditions.append('_batch <= ' ~ bound) -%}
    {%- endif -%}
    {%- if conditions -%}
        where {{ conditions | join(' and ') }}
    {%- endif -%}
{%- endmacro %}
