{{ config(
    unique_key=['contact_id', 'valid_from'],
    meta={'obsolete_column': '_obsolete'},
    tags='core',
) }}

{# A change of one of these begins a new row. -#}
{% set tracked = [
    'account_id',
    'reports_to_id',
    'owner_id',
    'contact_name',
    'first_name',
    'last_name',
    'title',
    'department',
    'email',
    'phone',
    'lead_source',
    'mailing_city',
    'mailing_state',
    'mailing_postal_code',
    'mailing_country',
    'is_opted_out_of_email',
    'is_not_to_be_called',
    'is_reachable_by_email',
    'is_person_account',
] -%}

with

{{ touched('contact_id', ref('base_salesforce__contacts')) }},

versions as (

    -- By name: the org's own fields may be called like what is worked out here.
    select
        contact_id,
        account_id,
        reports_to_id,
        owner_id,
        contact_name,
        first_name,
        last_name,
        title,
        department,
        email,
        phone,
        lead_source,
        mailing_city,
        mailing_state,
        mailing_postal_code,
        mailing_country,
        is_person_account,
        is_deleted,
        created_at,
        system_modified_at,
        deleted_at,
        _extracted_at,
        _batch,
        -- Null where it is hidden: who refused mail must not look reachable.
        has_opted_out_of_email as is_opted_out_of_email,
        is_do_not_call as is_not_to_be_called,
        email is not null and not has_opted_out_of_email and not is_email_bounced
            as is_reachable_by_email
    from {{ ref('base_salesforce__contacts') }}
    {{ of_touched('contact_id') }}

),

{{ slowly_changing('versions', 'contact_id', tracked) }},

contacts as (

    select
        {{ history_key('contact_id') }} as contact_key,
        *
    from periods

)

{{ changed_periods('contacts', 'contact_id') }}
