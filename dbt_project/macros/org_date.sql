{#- The day of a moment in the org's time zone, which is that of Salesforce's own dates: days are
    counted between two of these, not between one of these and a day of UTC.

    A fact keeps the days that it has when the variable `org_time_zone` changes; a full refresh gives
    the new ones to all records. Reports are worked out anew with each build. -#}
{% macro org_date(moment) -%}
    {%- set zone = var('org_time_zone') -%}
    {%- if zone not in modules.pytz.all_timezones -%}
        {{ exceptions.raise_compiler_error(
            'org_time_zone in dbt_project.yml is "' ~ zone ~ '"; allowed: a name such as '
            ~ 'America/Los_Angeles, which Setup > Company Information shows in parentheses as '
            ~ 'Default Time Zone'
        ) }}
    {%- endif -%}
    cast(from_utc_timestamp({{ moment }}, '{{ zone }}') as date)
{%- endmacro %}
