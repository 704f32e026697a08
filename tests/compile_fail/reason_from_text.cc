#include <string>

#include "base/error.h"

using namespace turnpike;

Reason caller(const std::string& text) {
#ifdef TURNPIKE_BAD_LINE
    return Reason(text.c_str());
#else
    static_cast<void>(text);
    return Reason("money.out_of_range");
#endif
}
