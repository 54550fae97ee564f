# Run by: protocol-sandbox exec --strict-worlds -- sh curl.sh
set -eu

json="Content-Type: application/json"
curl -sf "$SANDBOX_URL/__admin/worlds" -H "$json" -d '{"name": "checkout", "scenario": "blank"}' -o /dev/null

# The world is in the path, so any token will do.
world="$SANDBOX_URL/t/checkout"
fault='{"times": 1, "fault": {"type": "status", "status": 503}}'
curl -sf "$world/__admin/faults" -H "$json" -d "$fault" -o /dev/null

# The code under test: a create that is tried again.
curl -sf --retry 2 "$world/v1/conversations" -H "Authorization: Bearer the-app" -d contact_id=WAz8eIbvDR60rouK

test "$(curl -sf "$world/__admin/requests/count?operation=createConversation")" = '{"count": 2}'
