{#- Stands right behind a CTE whose ids an incremental build works out before all else (see
    merge_of_delta). The CTE's first column holds them; only such CTEs stand before it. -#}
{% macro ids_of(cte) -%}
    /* ids of {{ cte }} */
{%- endmacro %}


{#- Stands right behind a CTE that an incremental build works out once (see merge_of_delta), behind
    those with ids: what comes after sees few rows, of which Spark knows how many they are, and no
    table is read a second time. -#}
{% macro rows_of(cte) -%}
    {%- if is_incremental() %}/* rows of {{ cte }} */{% endif -%}
{%- endmacro %}


{#- Condition that a column holds one of these ids. An incremental build puts them in place of
    the subquery: by literals, with the ranges that they lie in, Iceberg and Parquet leave out
    files and row groups, by a subquery neither. -#}
{% macro among(cte, column, id=none) -%}
    {{ column }} in (select {{ id or column.rpartition('.')[2] }} from {{ cte }})
{%- endmacro %}
