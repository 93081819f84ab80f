{{ config(
    unique_key=['user_id', 'valid_from'],
    meta={'obsolete_column': '_obsolete'},
) }}

{# A change of one of these begins a new row. -#}
{% set tracked = [
    'username',
    'user_name',
    'first_name',
    'last_name',
    'email',
    'title',
    'department',
    'division',
    'user_type',
    'time_zone',
    'user_role_id',
    'profile_id',
    'manager_id',
    'is_active',
] -%}

with

{{ touched('user_id', ref('base_salesforce__users')) }},

versions as (

    select *
    from {{ ref('base_salesforce__users') }}
    {{ of_touched('user_id') }}

),

{{ slowly_changing('versions', 'user_id', tracked) }},

users as (

    select
        {{ history_key('user_id') }} as user_key,
        *
    from periods

)

{{ changed_periods('users', 'user_id') }}
