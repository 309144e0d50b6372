# Holds an answer against an example of Front's: prints one line for each difference in shape.
# Usage: jq -n -r --slurpfile example E --slurpfile answer A -f shape.jq

# Null in recorded answers or by Front's OpenAPI description; a value is checked where there is one.
def nullable: ["assignee", "recipient", "author", "name", "contact", "owner", "parent_tag", "children",
  "description", "highlight", "draft_mode", "error_type", "version", "signature", "sender_info", "avatar_url", "next"];

# Not in every object: ticketing is off, tasks only, replies only, waiting.
def optional: ["status_id", "status_category", "due_at", "description", "message_replied_to", "botSource",
  "comment_replied_to", "waiting_since", "last_message", "groups"];

# Members that Front's reference does not name, and recorded answers have.
def undocumented: ["last_message", "is_draft", "address", "send_as", "type", "updated_at", "is_spammer"];

# Free-form maps.
def opaque: ["custom_fields", "metadata", "settings", "sender_info"];

def base: split(".") | last;

def differences($example; $answer; $path):
  if ($path | base | IN(opaque[])) then empty
  elif $example == null then empty
  elif $answer == null then
    if ($path | base | IN(nullable[])) then empty else "\($path): is null" end
  elif ($example | type) != ($answer | type) then "\($path): \($answer | type) instead of \($example | type)"
  elif ($example | type) == "object" then
    ($example | keys[] as $k
      | if $answer | has($k) then differences($example[$k]; $answer[$k]; "\($path).\($k)")
        elif $k | IN(optional[]) then empty
        else "\($path).\($k): is missing" end),
    ($answer | keys[] as $k
      | select(($example | has($k) | not) and ($k | IN(undocumented[]) | not)) | "\($path).\($k): is not Front's")
  elif ($example | type) == "array" then
    if $example == [] then empty else $answer[] | differences($example[0]; .; $path) end
  else empty end;

[differences($example[0]; $answer[0]; "")] | unique[]
