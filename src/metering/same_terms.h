#pragma once

namespace turnpike {

/// Whether two stretches of usage are under the same allowance: of one plan version, with the same
/// override or none. Segments and windows know both; the usage log knows plan versions by number.
template <class One, class Other>
bool are_same_terms(const One& one, const Other& other) {
    return one.plan_version == other.plan_version && one.override_number == other.override_number;
}

}  // namespace turnpike
