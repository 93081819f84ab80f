{{ config(unique_key='lead_id') }}
{% set raw = columns_of(source('salesforce', 'lead')) %}

with

versions as (

    select
        -- ids
        {{ field(raw, 'id') }} as lead_id,
        {{ field(raw, 'ownerid') }} as owner_id,
        {{ field(raw, 'masterrecordid') }} as master_record_id,
        {{ field(raw, 'convertedaccountid') }} as converted_account_id,
        {{ field(raw, 'convertedcontactid') }} as converted_contact_id,
        {{ field(raw, 'convertedopportunityid') }} as converted_opportunity_id,
        {{ field(raw, 'createdbyid') }} as created_by_id,
        {{ field(raw, 'lastmodifiedbyid') }} as last_modified_by_id,

        -- strings
        {{ field(raw, 'salutation') }} as salutation,
        {{ field(raw, 'firstname') }} as first_name,
        {{ field(raw, 'lastname') }} as last_name,
        {{ field(raw, 'name') }} as lead_name,
        {{ field(raw, 'title') }} as title,
        {{ field(raw, 'company') }} as company,
        {{ field(raw, 'email') }} as email,
        {{ field(raw, 'phone') }} as phone,
        {{ field(raw, 'mobilephone') }} as mobile_phone,
        {{ field(raw, 'website') }} as website,
        {{ field(raw, 'status') }} as status,
        {{ field(raw, 'leadsource') }} as lead_source,
        {{ field(raw, 'industry') }} as industry,
        {{ field(raw, 'rating') }} as rating,
        {{ field(raw, 'street') }} as street,
        {{ field(raw, 'city') }} as city,
        {{ field(raw, 'state') }} as state,
        {{ field(raw, 'postalcode') }} as postal_code,
        {{ field(raw, 'country') }} as country,

        -- numerics
        {{ field(raw, 'annualrevenue', 'decimal(18, 2)') }} as annual_revenue,
        {{ field(raw, 'numberofemployees', 'bigint') }} as number_of_employees,

        -- booleans
        {{ field(raw, 'isconverted', 'boolean') }} as is_converted,
        {{ field(raw, 'isunreadbyowner', 'boolean') }} as is_unread_by_owner,
        {{ field(raw, 'hasoptedoutofemail', 'boolean') }} as has_opted_out_of_email,

        -- dates
        {{ field(raw, 'converteddate', 'date') }} as converted_date,
        {{ field(raw, 'lastactivitydate', 'date') }} as last_activity_date,

        {{ version_columns(raw) }}

    from {{ source('salesforce', 'lead') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'lead_id') }}
