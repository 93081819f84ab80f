-- The current rows of dim_account are the accounts that are not deleted, with their values.
-- Of accounts that are tested already nothing is asked (see untested_since).
{% set of_dimension = untested_since(ref('dim_account')) %}
{% set of_staging = untested_since(ref('stg_salesforce__accounts')) %}
{% set some = of_dimension is not none and of_staging is not none %}

with

{% if some %}
untested as (

    select account_id
    from {{ ref('dim_account') }}
    where _batch > {{ of_dimension }}
    union all
    select account_id
    from {{ ref('stg_salesforce__accounts') }}
    where _batch > {{ of_staging }}

),
{% endif %}

current_rows as (

    select
        account_id,
        account_name,
        owner_id,
        annual_revenue
    from {{ ref('dim_account') }}
    where is_current {{ 'and account_id in (select account_id from untested)' if some }}

),

living as (

    select
        account_id,
        account_name,
        owner_id,
        annual_revenue
    from {{ ref('stg_salesforce__accounts') }}
    where not is_deleted {{ 'and account_id in (select account_id from untested)' if some }}

)

select
    coalesce(current_rows.account_id, living.account_id) as account_id,
    current_rows.account_id is null as is_missing_in_dim_account,
    living.account_id is null as is_missing_in_staging
from current_rows
full outer join living
    on
        current_rows.account_id = living.account_id
        and current_rows.account_name <=> living.account_name
        and current_rows.owner_id <=> living.owner_id
        and current_rows.annual_revenue <=> living.annual_revenue
where current_rows.account_id is null or living.account_id is null
