select
    ordered_on,
    count(*) as orders,
    sum(amount) as amount
from {{ ref('stg_erp__orders') }}
group by ordered_on
