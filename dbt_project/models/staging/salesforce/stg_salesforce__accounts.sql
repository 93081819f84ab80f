{{ config(unique_key='account_id') }}

with

versions as (

    select * from {{ ref('base_salesforce__accounts') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'account_id') }}
