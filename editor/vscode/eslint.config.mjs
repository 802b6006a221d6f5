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
      // Numbers are fine in messages.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      eqeqeq: "error",
      "no-restricted-syntax": [
        "error",
        { selector: "MemberExpression[property.name=/^(show|create)QuickPick$/]", message: "Use the lists of src/quickPicks.ts." },
      ],
    },
  },
  // The list of hardware explains why an option isn't available.
  { files: ["src/quickPicks.ts", "src/features/hardware/hardware.ts"], rules: { "no-restricted-syntax": "off" } },
);
