{#- The table made from `sql`, in place of the one that is there, with the types that the yml
    declares: else it would be built anew each time (see is_incremental). A decimal is rounded to
    its declared scale, as a MERGE does it; any other type than the declared one is an error, and a
    decimal that has no place. dbt's own check of contracts knows a decimal from a text, no more.

    Its rows lie in the order of the key: a MERGE and whatever names ids leave out files and row
    groups by the ranges of ids in them (see among_as_python), of rows that a shuffle has strewn
    none. -#}
{% macro create_anew(target, sql) -%}
{%- set declared, key = {}, config.get('unique_key') or [] -%}
{%- set order = ([key] if key is string else key) | join('`, `') -%}
{%- for name, column in model.columns.items() -%}
    {%- do declared.update({name: plain_type(column.data_type or '')}) -%}
{%- endfor -%}
custom_glue_code_for_dbt_adapter
declared, words = {{ tojson(declared) }}, {{ tojson(other_words_of_types()) }}
sql, columns = '''{{ sql }}
''', []
found = dict((name.lower(), words.get(kind, kind)) for name, kind in spark.sql(sql).dtypes)
if {{ config.get('contract').enforced }} and list(found) != list(declared):
    raise ValueError('{{ model.name }}: its query gives the columns ' + ', '.join(found)
                     + '; its yml lists ' + ', '.join(declared) + ': make them the same')
for name, kind in found.items():
    wanted, column = declared.get(name) or kind, '`' + name + '`'
    if wanted != kind and not (kind.startswith('decimal(') and wanted.startswith('decimal(')):
        raise ValueError('{{ model.name }}: column ' + name + ': its query gives ' + kind
                         + '; its yml says ' + wanted + ': make them the same')
    if wanted != kind:
        refusal = '{{ model.name }}: column ' + name + ': a value has no place in ' + wanted
        other = f'if({column} is null, null, raise_error("{refusal}"))'
        column = f'coalesce(cast({column} as {wanted}), {other}) as {column}'
    columns.append(column)
if any(' as ' in column for column in columns):
    sql = 'select ' + ', '.join(columns) + ' from (' + sql + ')'
{%- if order %}
sql = 'select * from (' + sql + ') order by `{{ order }}`'
{%- endif %}
SqlWrapper2.execute('''
    create or replace table {{ target }}
    {{ glue__file_format_clause() }}
    {{ partition_cols(label='partitioned by') }}
    {{ clustered_cols(label='clustered by') }}
    {{ set_table_properties(config.get('table_properties', {})) }}
    {{ glue__location_clause() }}
    {{ comment_clause() }}
    as {query}'''.replace('{query}', sql))
{%- endmacro %}
