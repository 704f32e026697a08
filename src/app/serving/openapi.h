#pragma once

#include <string>

namespace turnpike {

/// The API description as served at /openapi.json (docs/api/openapi.json, embedded).
std::string openapi_text();

}  // namespace turnpike
