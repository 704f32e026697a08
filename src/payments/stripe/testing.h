#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "json/value.h"

namespace turnpike::stripe {

/// A recorded body from tests/golden/stripe (from the recordings of pay-rails/pay, MIT licence).
/// Tests run in the source tree's root.
inline std::string golden_text(const std::string& name) {
    std::ifstream file("tests/golden/stripe/" + name);
    if (!file) throw std::runtime_error("no golden file " + name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

inline Json golden(const std::string& name) { return Json::parse(golden_text(name)); }

}  // namespace turnpike::stripe
