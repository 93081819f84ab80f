{#- The batch up to which the rows of a model are tested: data tests look at what is newer, and at
    all rows where this is none. See docs/decisions/0041-what-a-build-tests.md.

    None in a full refresh, with the variable `whole_tables`, by hand (only the pipeline's build
    knows what was tested), where this build made the table anew, and for a model whose rows have
    no batch. Of a model that stands on several raw tables it is the least of theirs. -#}
{% macro untested_since(relation) -%}
    {%- set tested = var('tested_batches') -%}
    {%- if not execute or not tested or flags.FULL_REFRESH or var('whole_tables') -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set models = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') -%}
    {%- set node = models | selectattr('alias', 'equalto', relation.identifier) | first -%}
    {%- set name = relation.schema.split('.') | last ~ '.' ~ relation.identifier -%}
    {%- set columns = var('known_columns').get(name, {}) -%}
    {%- if '_batch' not in columns or not has_declared_columns(node, columns)
        or stands_on_other_types(node) -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set batches = [] -%}
    {%- for table in raw_tables_of(node) -%}
        {%- do batches.append(tested.get(table)) -%}
    {%- endfor -%}
    {{ return(none if none in batches else batches | min) }}
{%- endmacro %}


{#- The raw tables that a model stands on, through whatever models. -#}
{% macro raw_tables_of(node) -%}
    {%- set found = [] -%}
    {%- for id in node.depends_on.nodes -%}
        {%- if id in graph.sources -%}
            {%- do found.append(graph.sources[id].identifier) -%}
        {%- elif id in graph.nodes and graph.nodes[id].resource_type == 'model' -%}
            {%- do found.extend(raw_tables_of(graph.nodes[id])) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found | unique | list) }}
{%- endmacro %}


{#- Condition that a row of the model itself is not tested yet, to stand behind another. -#}
{% macro and_untested(relation) -%}
    {%- set since = untested_since(relation) -%}
    {{ 'and _batch > ' ~ since if since is not none }}
{%- endmacro %}


{#- All rows of the keys of which a row is not tested yet: what a MERGE can have touched. The few
    keys go to where the table is read; none of its rows is moved or sorted. -#}
{% macro with_untested_keys(relation, keys) -%}
    {%- set since = untested_since(relation) -%}
    {%- if since is none -%}
        {{ relation }}
    {%- else -%}
(
    select known.*
    from {{ relation }} as known
    left semi join (
        select {{ keys | join(', ') }}
        from {{ relation }}
        where _batch > {{ since }}
    ) as news
        on {% for key in keys -%}
            known.{{ key }} <=> news.{{ key }}{{ ' and ' if not loop.last }}
        {%- endfor %}
)
    {%- endif -%}
{%- endmacro %}
