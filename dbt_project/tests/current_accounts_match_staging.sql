-- The current rows of dim_account are the accounts that are not deleted, with their values.
with

current_rows as (

    select
        account_id,
        account_name,
        owner_id,
        annual_revenue
    from {{ ref('dim_account') }}
    where is_current

),

living as (

    select
        account_id,
        account_name,
        owner_id,
        annual_revenue
    from {{ ref('stg_salesforce__accounts') }}
    where not is_deleted

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
