select
    order_id,
    cast(ordered_at as date) as ordered_on,
    cast(amount as decimal(18, 2)) as amount
from {{ source('erp', 'orders') }}
