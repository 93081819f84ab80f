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
            {{ with_last_batch_known(
                get_merge_sql(target_relation, sql, config.get('unique_key'), none, none)
            ) }}
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


{#- The same statement with each last_batch() worked out before. Iceberg leaves out data files
    by a number, never by a subquery: with it a build reads what is new in raw, not raw.
    dbt-glue runs code that holds its marker as Python, which saves a statement. -#}
{% macro with_last_batch_known(sql) -%}
custom_glue_code_for_dbt_adapter
sql, question = '''{{ sql }} ''', '''{{ last_batch()[:-1] }}'''
while question in sql:
    start = sql.index(question)
    last_batch = sql[start : sql.index(')', start + len(question)) + 1]
    sql = sql.replace(last_batch, str(spark.sql(last_batch).first()[0]))
SqlWrapper2.execute(sql)
{%- endmacro %}
