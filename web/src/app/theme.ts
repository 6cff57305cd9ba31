// Mantine's theme: dense sizes everywhere. Colours live in tokens.css as static variables.
import { createTheme, type MantineColorsTuple } from '@mantine/core'

const petrol: MantineColorsTuple = ['#e9f5f9', '#cfe6ee', '#a3cfde', '#6fb4cb', '#3f9bb8', '#1c86a6', '#0b6e8a', '#095e77', '#084d61', '#063c4c']

const small = { defaultProps: { size: 'xs' } }

export const theme = createTheme({
  primaryColor: 'petrol',
  colors: { petrol },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: small,
    TextInput: small,
    PasswordInput: small,
    Select: small,
    NativeSelect: small,
    SegmentedControl: small,
    Checkbox: small,
    Switch: small,
    NumberInput: small,
    Tooltip: { defaultProps: { openDelay: 250, withArrow: true, fz: 'xs' } },
    // The placeholder that would take the first focus is no child a menu may have.
    Menu: { defaultProps: { shadow: 'md', withInitialFocusPlaceholder: false } },
    Popover: { defaultProps: { shadow: 'md' } },
  },
})
