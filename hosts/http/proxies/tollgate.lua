-- For HAProxy, loaded by haproxy.cfg beside it: the action `lua.tollgate` puts the request at hand to Tollgate's /check.
-- Where it may pass, the variable txn.tollgate_passes becomes true and the identity stands in txn.tollgate_user, _client,
-- _scope and _token_id. Where it may not, the client gets Tollgate's answer. Whatever goes wrong leaves the variable as it
-- is, and haproxy.cfg lets nobody through without it.

local CHECK = "http://127.0.0.1:8480/check"
local TIMEOUT_MS = 1000

-- What a decision may depend on, and what a client is told of a refusal.
local ASKED = { "authorization", "x-cdata-authtoken", "origin", "access-control-request-method" }
local TOLD = {
    "content-type", "cache-control", "www-authenticate", "retry-after", "ratelimit", "ratelimit-policy", "x-request-id",
}

-- All lines of the fields `names`. Every line is kept, so that Tollgate sees two credentials where there are two.
local function lines(headers, names)
    local kept = {}
    for _, name in ipairs(names) do
        local values = headers[name]
        if values then
            kept[name] = {}
            for at = 0, #values do
                table.insert(kept[name], values[at])
            end
        end
    end
    return kept
end

local function first(headers, name)
    local values = headers[name]
    return values and values[0] or ""
end

core.register_action("tollgate", { "http-req" }, function(txn)
    local fields = lines(txn.http:req_get_headers(), ASKED)
    fields["x-forwarded-method"] = { txn.f:method() }
    fields["x-forwarded-uri"] = { txn.f:pathq() }
    fields["x-forwarded-for"] = { txn.f:src() }
    local answer = core.httpclient():get({ url = CHECK, headers = fields, timeout = TIMEOUT_MS })
    if answer.status == 200 then
        for _, name in ipairs({ "user", "client", "scope", "token-id" }) do
            txn:set_var("txn.tollgate_" .. name:gsub("-", "_"), first(answer.headers, "x-tollgate-" .. name))
        end
        txn:set_var("txn.tollgate_passes", true)
    elseif first(answer.headers, "content-type") == "application/problem+json" then
        local reply = txn:reply({ status = answer.status, body = answer.body })
        for name, values in pairs(lines(answer.headers, TOLD)) do
            for _, value in ipairs(values) do
                reply:add_header(name, value)
            end
        end
        txn:done(reply)
    end
end, 0)
