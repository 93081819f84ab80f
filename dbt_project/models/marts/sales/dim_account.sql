{{ config(
    unique_key=['account_id', 'valid_from'],
    meta={'obsolete_column': '_obsolete'},
    tags='core',
) }}

{# A change of one of these begins a new row. -#}
{% set tracked = [
    'account_name',
    'account_type',
    'industry',
    'rating',
    'account_source',
    'ownership',
    'owner_id',
    'parent_account_id',
    'billing_city',
    'billing_state',
    'billing_postal_code',
    'billing_country',
    'annual_revenue',
    'number_of_employees',
    'is_person_account',
] -%}

with

{{ touched('account_id', ref('base_salesforce__accounts')) }},

versions as (

    select *
    from {{ ref('base_salesforce__accounts') }}
    {{ of_touched('account_id') }}

),

{{ slowly_changing('versions', 'account_id', tracked) }},

accounts as (

    select
        {{ history_key('account_id') }} as account_key,
        *
    from periods

)

{{ changed_periods('accounts', 'account_id') }}
