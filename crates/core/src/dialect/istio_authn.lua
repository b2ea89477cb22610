-- What policies of Istio 1.18 read of a token, as its filter istio_authn wrote it.

-- A claim as a list of words, or claims inside of it; nothing if it is neither.
local function words(claim)
  local list = {}
  if type(claim) == "string" then
    for word in claim:gmatch("[^ ]+") do table.insert(list, word) end
    return list
  end
  if type(claim) ~= "table" then return nil end
  if #claim == 0 then
    local nested = {}
    for name, inner in pairs(claim) do
      local value = words(inner)
      if value ~= nil and next(value) ~= nil then nested[name] = value end
    end
    return nested
  end
  for _, word in ipairs(claim) do
    if type(word) ~= "string" then return nil end
    table.insert(list, word)
  end
  return list
end

local function first(claim)
  return type(claim) == "table" and claim[1] or nil
end

function envoy_on_request(handle)
  local metadata = handle:streamInfo():dynamicMetadata()
  local tokens = metadata:get("envoy.filters.http.jwt_authn")
  if tokens == nil then return end
  for _, issuer in ipairs(issuers) do
    local payload = tokens[issuer]
    if type(payload) == "table" and next(payload) ~= nil then
      local claims = words(payload)
      local function set(key, value)
        if value ~= nil then metadata:set("istio_authn", key, value) end
      end
      local iss, sub = first(claims.iss), first(claims.sub)
      if iss ~= nil and sub ~= nil then set("request.auth.principal", iss .. "/" .. sub) end
      set("request.auth.audiences", first(claims.aud))
      set("request.auth.presenter", first(claims.azp))
      if next(claims) ~= nil then set("request.auth.claims", claims) end
      handle:clearRouteCache()
      return
    end
  end
end
