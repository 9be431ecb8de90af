#include "workloads/parameters.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kvstate::workloads {
namespace {

const std::vector<ParameterSpec> kSpecs = {{"count", "5", ""}, {"share", "0.5", ""}, {"mode", "slow", ""}};

TEST(ParameterReaderTest, GivesDefaultsAndWhatIsGiven) {
  const Parameters none;
  ParameterReader defaults("x", kSpecs, none);
  EXPECT_EQ(defaults.Integer("count", 1, 10), 5);
  EXPECT_EQ(defaults.Real("share", 0, 1), 0.5);
  EXPECT_EQ(defaults.Choice("mode", {"fast", "slow"}), 1u);
  EXPECT_FALSE(defaults.IsGiven("count"));
  EXPECT_TRUE(defaults.status().ok());

  const Parameters some = {{"count", "-3"}, {"share", "1e-3"}, {"mode", "fast"}};
  ParameterReader given("x", kSpecs, some);
  EXPECT_EQ(given.Integer("count", -3, 10), -3);
  EXPECT_EQ(given.Real("share", 0, 1), 0.001);
  EXPECT_EQ(given.Choice("mode", {"fast", "slow"}), 0u);
  EXPECT_TRUE(given.IsGiven("count"));
  EXPECT_TRUE(given.status().ok());
}

TEST(ParameterReaderTest, AnUnknownNameListsThoseThereAre) {
  const Parameters parameters = {{"cuont", "1"}};
  const ParameterReader reader("operator of workload x", kSpecs, parameters);
  EXPECT_EQ(reader.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(reader.status().message(),
            "operator of workload x: there is no parameter \"cuont\"; there are count, share, mode");
}

TEST(ParameterReaderTest, RefusesWhatIsNotANumberWithinTheRange) {
  for (const char* text : {"", "x", "5x", " 5", "5.0", "11", "0", "99999999999999999999"}) {
    const Parameters parameters = {{"count", text}};
    ParameterReader reader("x", kSpecs, parameters);
    EXPECT_EQ(reader.Integer("count", 1, 10), 1);
    EXPECT_EQ(reader.status().message(),
              "x: count is \"" + std::string(text) + "\"; it must be an integer from 1 to 10");
  }
  for (const char* text : {"", "nan", "inf", "1.5", "-0.1", "0.5s"}) {
    const Parameters parameters = {{"share", text}};
    ParameterReader reader("x", kSpecs, parameters);
    EXPECT_EQ(reader.Real("share", 0, 1), 0);
    EXPECT_EQ(reader.status().message(), "x: share is \"" + std::string(text) + "\"; it must be a number from 0 to 1");
  }
}

TEST(ParameterReaderTest, RefusesAnotherChoiceAndListsThem) {
  const Parameters parameters = {{"mode", "medium"}};
  ParameterReader reader("x", kSpecs, parameters);
  EXPECT_EQ(reader.Choice("mode", {"fast", "slow"}), 0u);
  EXPECT_EQ(reader.status().message(), "x: mode is \"medium\"; it must be one of fast, slow");
}

TEST(ParameterReaderTest, KeepsTheFirstMistake) {
  const Parameters parameters = {{"count", "x"}, {"mode", "y"}};
  ParameterReader reader("x", kSpecs, parameters);
  reader.Integer("count", 1, 10);
  const std::string first(reader.status().message());
  reader.Choice("mode", {"fast"});
  EXPECT_EQ(reader.status().message(), first);
}

}  // namespace
}  // namespace kvstate::workloads
