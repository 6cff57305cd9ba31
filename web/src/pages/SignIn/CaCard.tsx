import { useAbout } from '../../api/queries'
import styles from './SignIn.module.css'

/** The fingerprint to compare with what the server showed at its first start, before trusting its certificate. */
export function CaCard() {
  const about = useAbout()
  if (about.isError) return <p className={styles.remark}>The server’s certificate facts could not be loaded: {about.error.message}</p>
  // A certificate that was given to the server is trusted through whoever issued it.
  if (!about.data?.ca_fingerprint_sha256) return null
  return (
    <section className={styles.ca} aria-label="Certificate authority">
      <div>
        <strong>Is this the right server?</strong> Its certificate authority has the SHA-256 fingerprint
      </div>
      <code>{about.data.ca_fingerprint_sha256}</code>
      <div>
        Compare it with what <code>vedette serve</code> printed at its first start, then <a href={about.data.ca_url}>download the CA</a> and add it to what your browser trusts.
      </div>
    </section>
  )
}
