#pragma once

#include <string>

namespace turnpike {

/// The folders of a usage log's directory; a path of any of its files begins with one of them. They
/// need not be there yet.
inline std::string segments_in(const std::string& directory) { return directory + "/segments"; }
/// Of runs of identities.
inline std::string identities_in(const std::string& directory) { return directory + "/identities"; }
/// Of counters, and of identities that no run has.
inline std::string snapshots_in(const std::string& directory) { return directory + "/snapshots"; }

}  // namespace turnpike
