"""The JSON Schema of profiles judges every fixture as the reader does."""

import json
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FIXTURES = ROOT / "tests/fixtures/profiles"

# What a schema cannot say (its $comment lists the kinds).
BEYOND_A_SCHEMA = {"abstract-crossed", "exclude-no-word", "keywords-no-word"}


def refuse(why):
    raise ValueError(why)


def once(pairs):
    keys = [key for key, _ in pairs]
    return dict(pairs) if len(set(keys)) == len(keys) else refuse("double key")


def parse(path):
    return json.loads(path.read_bytes().decode("utf-8-sig"), object_pairs_hook=once, parse_constant=refuse)


class ProfileSchema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        import jsonschema
        schema = json.loads((ROOT / "subscribers/profile.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        cls.validator = jsonschema.Draft202012Validator(schema)

    def fits(self, path):
        try:
            return self.validator.is_valid(parse(path))
        except ValueError:  # no JSON, or not UTF-8
            return False

    def test_good_profiles(self):
        paths = [*(FIXTURES / "valid").glob("*.json"), *(ROOT / "subscribers").glob("*@*.json")]
        self.assertGreater(len(paths), 15)
        for path in paths:
            with self.subTest(path.name):
                self.validator.validate(parse(path))

    def test_bad_profiles(self):
        paths = list((FIXTURES / "invalid").glob("*.json"))
        self.assertGreater(len(paths), 40)
        for path in paths:
            with self.subTest(path.name):
                self.assertEqual(self.fits(path), path.stem in BEYOND_A_SCHEMA)

    def test_schema_knows_the_reader_s_keys(self):
        words = (FIXTURES / "invalid/unknown-key-far.error").read_text().split("allowed are ")[1]
        self.assertEqual(list(self.validator.schema["properties"]), json.loads(f"[{words}]"))


if __name__ == "__main__":
    unittest.main()
