#pragma once

#include <string>

#include "base/time.h"

namespace turnpike {

/// "14 November 2023", and with "at 22:13 UTC", as letters and papers say it. In UTC.
std::string day_in_words(Instant at);
std::string time_in_words(Instant at);

}  // namespace turnpike
