#include "app/serving/openapi.h"

#include "app/serving/openapi_file.h"

namespace turnpike {

std::string openapi_text() { return std::string(openapi_file().front().text); }

}  // namespace turnpike
