import { useHotkeys } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { lazy, Suspense, useState } from 'react'
import styles from './palette.module.css'

const Palette = lazy(() => import('./Palette'))
const KEY = /mac|iphone|ipad/i.test(navigator.userAgent) ? '⌘ K' : 'Ctrl K'

/** Opens the palette, also by Ctrl K (⌘ K) from anywhere. */
export function PaletteButton() {
  const [open, setOpen] = useState(false)
  useHotkeys([['mod+K', () => setOpen((before) => !before)]], [])
  return (
    <>
      <button type="button" className={styles.opener} aria-label="Go to or do" aria-keyshortcuts="Control+K Meta+K" onClick={() => setOpen(true)}>
        <IconSearch size={14} aria-hidden />
        Go to
        <kbd>{KEY}</kbd>
      </button>
      {open && (
        <Suspense>
          <Palette onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
