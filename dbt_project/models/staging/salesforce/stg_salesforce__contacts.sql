{{ config(unique_key='contact_id') }}
{% set raw = columns_of(source('salesforce', 'contact')) %}

with

versions as (

    select
        -- ids
        {{ field(raw, 'id') }} as contact_id,
        {{ field(raw, 'accountid') }} as account_id,
        {{ field(raw, 'masterrecordid') }} as master_record_id,
        {{ field(raw, 'reportstoid') }} as reports_to_id,
        {{ field(raw, 'ownerid') }} as owner_id,
        {{ field(raw, 'createdbyid') }} as created_by_id,
        {{ field(raw, 'lastmodifiedbyid') }} as last_modified_by_id,

        -- strings
        {{ field(raw, 'salutation') }} as salutation,
        {{ field(raw, 'firstname') }} as first_name,
        {{ field(raw, 'lastname') }} as last_name,
        {{ field(raw, 'name') }} as contact_name,
        {{ field(raw, 'title') }} as title,
        {{ field(raw, 'department') }} as department,
        {{ field(raw, 'email') }} as email,
        {{ field(raw, 'phone') }} as phone,
        {{ field(raw, 'mobilephone') }} as mobile_phone,
        {{ field(raw, 'leadsource') }} as lead_source,
        {{ field(raw, 'mailingstreet') }} as mailing_street,
        {{ field(raw, 'mailingcity') }} as mailing_city,
        {{ field(raw, 'mailingstate') }} as mailing_state,
        {{ field(raw, 'mailingpostalcode') }} as mailing_postal_code,
        {{ field(raw, 'mailingcountry') }} as mailing_country,

        -- booleans
        {{ field(raw, 'hasoptedoutofemail', 'boolean') }} as has_opted_out_of_email,
        {{ field(raw, 'donotcall', 'boolean') }} as is_do_not_call,
        {{ field(raw, 'isemailbounced', 'boolean') }} as is_email_bounced,

        -- dates
        {{ field(raw, 'lastactivitydate', 'date') }} as last_activity_date,

        -- timestamps
        {{ field(raw, 'emailbounceddate', 'timestamp') }} as email_bounced_at,

        {{ version_columns(raw) }}

    from {{ source('salesforce', 'contact') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'contact_id') }}
