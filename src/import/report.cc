#include "import/report.h"

#include <algorithm>

namespace turnpike {

bool ImportReport::has_refusals() const {
    return std::ranges::any_of(remarks, [](const CustomerRemark& one) {
        return one.remark.kind == Remark::Kind::Refused;
    });
}

}  // namespace turnpike
