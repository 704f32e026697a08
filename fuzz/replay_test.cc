// Feeds every file of a corpus folder (the first argument) to a fuzz target: what once broke it
// stays mended, in every test run.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

class Corpus : public ::testing::Test {
public:
    explicit Corpus(std::filesystem::path folder) : folder_(std::move(folder)) {}

    void TestBody() override {
        int replayed = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
            SCOPED_TRACE(entry.path().filename().string());
            std::ifstream file(entry.path(), std::ios::binary);
            const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
            const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
            EXPECT_EQ(LLVMFuzzerTestOneInput(input.data(), input.size()), 0);
            ++replayed;
        }
        EXPECT_GT(replayed, 0) << "an empty corpus tests nothing";
    }

private:
    std::filesystem::path folder_;
};

}  // namespace

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    if (argc != 2) return 2;
    const std::filesystem::path folder = argv[1];
    ::testing::RegisterTest("Corpus", "EveryInputIsHandled", nullptr, nullptr, __FILE__, __LINE__,
                            [folder]() -> ::testing::Test* { return new Corpus(folder); });
    return RUN_ALL_TESTS();
}
