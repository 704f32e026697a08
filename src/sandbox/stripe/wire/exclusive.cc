#include "sandbox/stripe/wire/exclusive.h"

#include <string>

namespace turnpike::twin {

Refusal only_one_of(const Params& params, std::string_view one, std::string_view other) {
    return bad_param(params.name_of(one), "",
                     "You may only specify one of these parameters: " + std::string(one) + ", " +
                         std::string(other) + ".");
}

}  // namespace turnpike::twin
