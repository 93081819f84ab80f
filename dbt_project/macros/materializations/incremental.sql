{#- dbt-glue's incremental materialization, for Iceberg and MERGE alone.

    dbt-glue sends four statements for a merge (temporary relation, DESCRIBE, MERGE,
    DROP), each with two of its own before it, and a poll of a second or more on AWS. A
    MERGE takes a query as its source, so one is enough. A build from scratch replaces
    the table in one commit instead of dropping it first: readers never miss it. -#}
{% materialization incremental, adapter='glue', supported_languages=['sql'] -%}
    {%- if config.get('file_format') != 'iceberg' or config.get('incremental_strategy') != 'merge' -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ ': incremental models are Iceberg tables with the strategy merge'
        ) }}
    {%- endif -%}
    {%- do check_literal(sql) -%}
    {%- set target_relation = glue__make_target_relation(this, 'iceberg') -%}

    {%- set merge = is_incremental() -%}
    {%- if not merge and load_cached_relation(this) is not none and not should_full_refresh() -%}
        {{ log(this.identifier ~ ': its columns changed; it is built anew', info=true) }}
    {%- endif -%}

    {{ run_hooks(pre_hooks) }}

    {% call statement('main') -%}
        {%- if merge -%}
            {{ merge_of_delta(target_relation, sql, config.get('unique_key')) }}
        {%- else -%}
            {{ create_table_as(false, target_relation, sql) }}
        {%- endif -%}
    {%- endcall %}

    {{ run_hooks(post_hooks) }}

    {{ return({'relations': [this.incorporate(type='table')]}) }}
{%- endmaterialization %}


{#- dbt-glue sends a statement as a Python literal ('''...''', not a raw one). What would
    end it, or be read as an escape, is refused: the statement would not be the model's. -#}
{% macro check_literal(sql) -%}
    {%- set instead = {'\\': 'char(92)', "'" * 3: 'a string in double quotes'} -%}
    {%- for text in instead if text in sql -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ ": its SQL contains " ~ text ~ ", which dbt-glue cannot send; write "
            ~ instead[text] ~ ' instead'
        ) }}
    {%- endfor -%}
{%- endmacro %}


{#- The MERGE of what `sql` finds, so that its cost follows what is found, not the table.

    Each last_batch() is worked out before: Iceberg leaves out data files by a number, never
    by a subquery, so a build reads what is new in raw, not raw. Nothing found, nothing
    merged. Up to 10,000 keys stand in the MERGE as literals: the target's scan filters by
    them, and only the rows at hand are joined; without them Spark sorts all keys of the
    table. dbt-glue runs code that holds its marker as Python: all of it is one statement. -#}
{% macro merge_of_delta(target, sql, unique_key) -%}
{%- set delta = this.identifier ~ '__delta' -%}
{%- set key = unique_key if unique_key is string else unique_key[0] -%}
custom_glue_code_for_dbt_adapter
sql, question = '''{{ sql }} ''', '''{{ last_batch()[:-1] }}'''
while question in sql:
    start = sql.index(question)
    last_batch = sql[start : sql.index(')', start + len(question)) + 1]
    sql = sql.replace(last_batch, str(spark.sql(last_batch).first()[0]))
delta = spark.sql(sql).cache()
delta.createOrReplaceTempView('{{ delta }}')
try:
    keys = [row[0] for row in delta.select('{{ key }}').distinct().limit(10001).collect()]
    if keys:
        merge, only = '''{{ get_merge_sql(target, 'select * from ' ~ delta, unique_key, none, ['{only}']) }}''', 'true'
        if len(keys) <= 10000 and all(isinstance(key, str) and key.isalnum() for key in keys):
            only = "dest.{{ key }} in ('" + "', '".join(keys) + "')"
        SqlWrapper2.execute(merge.replace('{only}', only))
    else:
        print('{"type": "results", "rowcount": 0, "results": [], "description": []}')
finally:
    delta.unpersist()  # else the same query is answered from here, once more and too late
{%- endmacro %}
