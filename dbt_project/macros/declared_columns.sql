{#- What a model's yml says of its columns, held against its table's. -#}

{#- Whether a table has the columns that the model declares, in their order, and their types where
    both are known. -#}
{% macro has_declared_columns(node, columns) -%}
    {{ return(columns.keys() | list == node.columns.keys() | list and has_declared_types(node, columns)) }}
{%- endmacro %}


{% macro has_declared_types(node, columns) -%}
    {%- for name, column in node.columns.items() -%}
        {%- set declared, found = column.data_type, columns.get(name) -%}
        {%- if declared and found and declared != found
            and plain_type(declared) != plain_type(found) -%}
            {{ return(false) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(true) }}
{%- endmacro %}


{#- Whether this build makes a table anew on which the model stands, because a column's type is
    another one: its values are others then, in rows of batches that the model has seen. Another
    set of columns is no reason: a model that reads a new one has changed itself.

    A base model has no table: of its types the staging model tells that is made from it.

    By the columns that the build was told; dbt run by hand does not ask for those of other models. -#}
{% macro stands_on_other_types(node) -%}
    {%- for id in node.depends_on.nodes if id.startswith('model.') -%}
        {%- set parent = graph.nodes[id] -%}
        {%- set typed = graph.nodes.get(id.replace('.base_', '.stg_'), parent) -%}
        {%- set columns = var('known_columns').get(typed.schema ~ '.' ~ typed.alias, {}) -%}
        {%- if not has_declared_types(typed, columns) or stands_on_other_types(parent) -%}
            {{ return(true) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}


{#- A type as the Glue catalog writes it: yml and Spark have several words for some. -#}
{% macro plain_type(type) -%}
    {%- set plain = type | lower | replace(' ', '') -%}
    {{ return(other_words_of_types().get(plain.split('(')[0], plain)) }}
{%- endmacro %}


{#- Words that Iceberg keeps under another one. -#}
{% macro other_words_of_types() -%}
    {{ return({
        'tinyint': 'int', 'smallint': 'int', 'integer': 'int', 'long': 'bigint', 'real': 'float',
        'char': 'string', 'varchar': 'string', 'timestamp_ltz': 'timestamp',
        'timestamp_ntz': 'timestamp',
    }) }}
{%- endmacro %}
