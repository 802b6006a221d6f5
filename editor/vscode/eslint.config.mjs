import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "src/protocol.ts", "**/*.mjs", "vitest.config.ts"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Numbers read well in messages.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      eqeqeq: "error",
      "no-restricted-syntax": [
        "error",
        { selector: "MemberExpression[property.name=/^(show|create)QuickPick$/]", message: "src/quickPicks.ts has the lists: whole ones, and those that say what they leave out." },
      ],
    },
  },
  // The second list is whole, and answers why something in it can't be had.
  { files: ["src/quickPicks.ts", "src/features/hardware/hardware.ts"], rules: { "no-restricted-syntax": "off" } },
);
