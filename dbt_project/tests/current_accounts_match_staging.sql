-- The current rows of dim_account are the accounts that are not deleted, with their values.
with

current_rows as (

    select account_id, account_name, owner_id, annual_revenue
    from {{ ref('dim_account') }}
    where is_current

),

living as (

    select account_id, account_name, owner_id, annual_revenue
    from {{ ref('stg_salesforce__accounts') }}
    where not is_deleted

)

(select 'only in dim_account' as found, * from current_rows except all select 'only in dim_account', * from living)
union all
(select 'only in staging' as found, * from living except all select 'only in staging', * from current_rows)
