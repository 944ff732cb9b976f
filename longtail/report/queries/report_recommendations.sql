-- One row per recommendation of a user in the explorer.
select recommendations.*
from user_recommendations as recommendations
semi join report_users on recommendations.user_id = report_users.user_id
