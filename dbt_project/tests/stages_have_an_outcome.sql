-- The stages of the seed whose outcome is none that models know: they would count as neither open,
-- won nor lost, and nobody would be told.
select
    stage_name,
    outcome
from {{ ref('opportunity_stages') }}
where outcome is null or outcome not in ('Open', 'Won', 'Lost')
