{#- dbt's `statement`, for code that is longer than Glue takes: RunStatement accepts 68,000 bytes
    (docs.aws.amazon.com/glue/latest/webapi/API_RunStatement.html), a model of an object with 500
    fields has more, as has a test of two long picklists. Such code goes to the session in pieces,
    each a statement, and one more runs it. All that dbt sends comes through here. -#}
{% macro statement(name=none, fetch_result=false, auto_begin=true, language='sql') -%}
    {%- set code = caller() if execute else '' -%}
    {%- set pieces = pieces_of(as_python(code)) if language == 'sql' and is_long(code) else [] -%}
    {%- set key = local_md5(code) if pieces -%}
    {%- for piece in pieces -%}
        {% call dbt.statement(auto_begin=auto_begin) -%}
custom_glue_code_for_dbt_adapter
import json
long_code = globals().setdefault('long_code', {})
long_code['{{ key }}'] = {{ "''" if loop.first else "long_code['" ~ key ~ "']" }} + json.loads(r""" {{ piece }} """)
print('{"type": "results", "rowcount": 0, "results": [], "description": []}')
        {%- endcall %}
    {%- endfor -%}
    {% call dbt.statement(name, fetch_result, auto_begin, language) -%}
        {%- if pieces -%}
custom_glue_code_for_dbt_adapter
import textwrap
exec(textwrap.dedent(long_code.pop('{{ key }}')), globals())
        {%- else -%}
            {{ code }}
        {%- endif -%}
    {%- endcall %}
    {%- if pieces and name == 'main' -%}
        {{ write(code) }}
    {%- endif -%}
{%- endmacro %}


{#- Whether it could be too long, with what dbt-glue puts around it. -#}
{% macro is_long(code) -%}
    {{ return(code | length > 15000 and code.encode('utf-8') | length > 60000) }}
{%- endmacro %}


{#- What dbt-glue makes of a statement before it sends it. -#}
{% macro as_python(code) -%}
    {%- set marker = 'custom_glue_code_for_dbt_adapter' -%}
    {%- if marker in code -%}
        {{ return(code.replace(marker, '')) }}
    {%- endif -%}
    {%- set arrow = ", use_arrow=True, location='" ~ target.location ~ "'" if target.get('use_arrow') -%}
    {{ return("SqlWrapper2.execute('''" ~ code ~ " '''" ~ (arrow or '') ~ ')') }}
{%- endmacro %}


{#- The text as JSON strings, each of at most 60,000 bytes: a character of plain text is one or two
    there, any other up to twelve. -#}
{% macro pieces_of(text) -%}
    {%- set size, pieces = 30000 if text.isascii() else 5000, [] -%}
    {%- for start in range(0, text | length, size) -%}
        {%- do pieces.append(tojson(text[start:start + size])) -%}
    {%- endfor -%}
    {{ return(pieces) }}
{%- endmacro %}
