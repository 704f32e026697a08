#pragma once

#include <nlohmann/json.hpp>

#include "json/json.h"
