#include <string>

#include "crypto/secret.h"

using namespace turnpike;

std::string told(const Secret& secret) {
#ifdef TURNPIKE_BAD_LINE
    return secret;
#else
    return secret.reveal();
#endif
}
